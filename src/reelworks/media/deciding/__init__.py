"""What is done to a video: from what it shows and what is wished for to a plan. Pure."""
