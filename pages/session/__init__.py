"""What a session is and works on: who asks, what is theirs, datasets and runs in memory, jobs,
maps, the address.
"""
