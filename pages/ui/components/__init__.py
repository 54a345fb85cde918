"""Components of our own HTML, CSS and JavaScript, and what each is mounted with."""
