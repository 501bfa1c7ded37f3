"""XNN's cloud half: trains a recogniser from a bundle alone. And its attackers, who hold clean faces of other people."""
