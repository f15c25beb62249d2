"""Ground floor: addresses, errors and the named reasons for which a packet may be dropped."""
