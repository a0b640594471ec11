"""What is measured beside the suite, and what it is measured with, each as a process of its own."""
