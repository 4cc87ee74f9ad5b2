"""What is deployed agrees with the code: settings, ports, metrics, principals."""
