"""What the pipeline costs beside the best that is known for each job; `make bench` measures and writes it down."""
