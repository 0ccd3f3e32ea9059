"""A worker's own life: whether its machine is fit for work, and what it does when it is not."""
