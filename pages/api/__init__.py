"""The routes of our own, beside Streamlit's: who may ask, what a request may hold, and the
answers.
"""
