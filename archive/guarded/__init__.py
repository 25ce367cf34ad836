"""Reading pages in a process of its own: whatever a page does to that one, it is a refused page and no more.

`reader.Reader` hands pages to a persistent worker and gives back what they show, in their order. The worker has a limit
of processor time and of memory for each page; a page that goes over one is refused with the reason, and those behind it
are read by a new worker, which a fork server makes at once. Neither gets our settings and credentials, and answers are
read as data: no pickle of the worker's making can name anything but the values that extraction gives.

    Reader (reader) ─► Child (child) ═ socket, pipes ═ fork server (server) ─► worker (worker)
"""
