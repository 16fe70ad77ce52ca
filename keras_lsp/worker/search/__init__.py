"""What a program does not call: unused classes and functions, and inputs for models nobody calls."""
