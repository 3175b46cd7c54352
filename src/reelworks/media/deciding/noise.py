"""What counts as noise, and what takes it out. Pure.

The thresholds were fitted on the tuning half of the clips that ``make bench-quality`` damages.
"""

from __future__ import annotations

from dataclasses import dataclass

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.stored import Stored

NOISY = 2.5
"""Noise sigma (8-bit levels) from which denoising gains more than encoding again costs. Where light
is stretched, noise is as well, and counts as what it becomes: of dark tuning clips (2.4 times) with
a noise of 1.25, denoising gains 0.25 dB on average, with 1.9, 1 dB, at half the size; clean ones
have 0.9 at most."""

FINEST_NOISE = 1.25
"""The finest noise must be at least so strong: in clean texture that moves, only the coarser part
is."""

ROUNDED, HIDDEN_NOISE, HIDDEN_FINEST = 10.0, 1.6, 0.8
"""Quantiser step from which an encoder has rounded most noise away. What is left shows what was
there: it counts from this level, and this strength of the finest, on. Clean clips that were rounded
as much have a level of 0.8 and a finest noise of 0.4."""

TEXTURE = 2.4
"""What is so many times as strong at half the size is no noise: noise that an encoder has rounded
reads at most 2.2 times as strong."""

KEPT, FOLLOWED, ALL_FOLLOWED = 0.27, 0.72, 0.5
"""From this share of the encoder's step on, the finest noise outlives rounding. It stays as new in
every picture: what the picture before tells, so that less is left than the second, or than the
third where the step is not known, is texture that moves. Noise leaves 0.78 and more; where an
encoder has rounded it and carries it along from picture to picture, 0.45."""

NEW = 0.75
"""Noise that only stretched light makes visible must be as new as this, also where an encoder has
rounded it: it is as weak as dark texture that moves, which has 0.05 to 0.73; dark tuning clips with
noise have 0.76 and more."""

KEPT_COARSEST, ROUNDING = 1.4, 0.22
"""It stays nearly as white as it was, but for encoders that round fine detail more: what is coarser
than the first, and than 1 + the second · step ÷ noise, is texture, or grain."""

COARSEST = 2.2
"""Noise reads at most so many times as strong at half the size; more is texture."""

DEAFENING = 45.0
"""Noise of more levels leaves nothing to be shown under it: it is the picture, snow on a screen or
a game of life. The noisiest tuning clips have 24."""

CHEAP_NOISE, STRONG_NOISE = 3.5, 7.0
"""Noise below the first is met with the cheapest filter, unless light is stretched. Below the
second, a little less is done than from there on: fine detail in motion is as weak as such noise.
"""

NEAR, WEAKLY_NEAR = (1.5, 1.8), (0.8, 1.0)
"""So many times the noise may a pixel differ from one in another picture, and from all on that
side together, to be averaged with them; and where noise is weak."""

MOST_NEAR = 0.3
"""The share of the range that the filter takes at most."""

TOGETHER = 7
"""Pictures that are averaged at most."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What is taken for a clip's noise: its finest part, and how much coarser the rest is."""

    finest: float
    coarseness: float

    @property
    def level(self) -> float:
        """Sigma of all noise, also of what compression has smoothed, in levels."""
        return self.finest * min(self.coarseness, COARSEST)


def noise_of(analysis: Analysis, gain: float) -> Noise | None:
    """The noise of a clip that counts as noisy; None of others.

    Args:
        gain: how many times as strong its light is made, and noise with it.
    """
    plain = measured_noise(analysis)
    if _is_texture(plain, analysis):
        return None
    if _is_strong(plain, 1.0):
        return plain
    rest = Noise(analysis.hidden_noise or 0.0, analysis.hidden_coarseness)
    rounded = (analysis.quantiser or 0.0) >= ROUNDED and not _is_texture(rest, analysis)
    is_noisy = rounded and rest.level >= HIDDEN_NOISE and rest.finest >= HIDDEN_FINEST
    if is_noisy:
        return rest
    is_stretched = _is_strong(plain, gain) and analysis.unforeseen >= NEW
    return plain if is_stretched else None


def _is_strong(noise: Noise, gain: float) -> bool:
    """Whether denoising gains more than it costs where light is made so many times as strong."""
    return noise.level * gain >= NOISY and noise.finest * gain >= FINEST_NOISE


def _is_texture(noise: Noise, analysis: Analysis) -> bool:
    """Whether what changes from picture to picture is fine detail that moves, or grain."""
    if noise.coarseness > TEXTURE or noise.level > DEAFENING:
        return True
    if analysis.quantiser is None:
        return analysis.unforeseen < ALL_FOLLOWED
    kept = noise.finest >= KEPT * analysis.quantiser
    coarsest = max(KEPT_COARSEST, 1 + ROUNDING * analysis.quantiser / max(noise.finest, 0.01))
    smooth = analysis.even and noise.coarseness > coarsest
    return kept and (smooth or analysis.unforeseen < FOLLOWED)


def measured_noise(analysis: Analysis) -> Noise:
    """What is measured in the flattest parts, whether it counts or not."""
    return Noise(analysis.noise or 0.0, analysis.coarseness)


def shown_noise(analysis: Analysis) -> Noise:
    """The same; none where it would be much, but is texture that moves."""
    noise = measured_noise(analysis)
    texture = noise.level >= NOISY and _is_texture(noise, analysis)
    return Noise(0.0, 1.0) if texture else noise


def denoiser(strength: float, sigma: float, gain: float, stored: Stored | None) -> str:
    """The filter. Averages over pixels whose surroundings look alike (Buades 2005), where it can.

    Args:
        strength: how strongly, in stored levels.
        sigma: of the noise, in full-scale levels.
        gain: how many times as strong the light is made afterwards, and what noise is left.
    """
    if sigma < CHEAP_NOISE and gain == 1:
        return f"bilateral=sigmaS=2:sigmaR={min(3 * strength / 255, 1):.4f}"
    if stored is None or stored.depth > 8:
        # Non-local means know 8 bits only.
        return f"fftdnoiz=sigma={min(strength * _fft_factor(strength), 100):.1f}"
    patches, near = (0.8, NEAR) if sigma * gain >= STRONG_NOISE else (0.75, WEAKLY_NEAR)
    return f"{_alike(min(max(patches * strength, 1.0), 30.0))},{_over_time(strength, near)}"


def _alike(strength: float) -> str:
    """Averages within each picture; in a larger window in the first one, which has none before it
    to be averaged with: it would keep a grain that the others have not, and be a film's poster."""
    first, others = (f"nlmeans=s={strength:.2f}:p=5:r={window}" for window in (5, 3))
    return f"{first}:enable=not(n),{others}:enable=n"


def _over_time(strength: float, near: tuple[float, float]) -> str:
    """Averages each pixel with the pictures before and after, in either direction as far as it
    differs by no more than noise does: it takes what patches leave, above all in colours, where
    that is coarse. A larger window costs far more. Colours that are as alike as that reach over a
    cut by half of the pictures; a running average had carried them on for seconds."""
    one, together = (min(times * strength / 255, MOST_NEAR) for times in near)
    planes = (f"{plane}a={one:.4f}:{plane}b={together:.4f}" for plane in range(3))
    return f"atadenoise={':'.join(planes)}:s={TOGETHER}:a=s"


def _fft_factor(sigma: float) -> float:
    """fftdnoiz' sigma ÷ that of the noise: the filter gains more by more, as noise grows."""
    return min(1.0 + 0.2 * max(sigma - 3.0, 0.0), 4.5)
