"""Runs on disk and the processes that work on them: store, workspace, archive, scheduler,
workers.
"""
