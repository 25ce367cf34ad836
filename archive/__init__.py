"""What is kept and where: WARC files, Delta tables and the rules that decide what goes into them."""
