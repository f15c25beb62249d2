"""IKEv1 with pre-shared keys (RFC 2407, 2408, 2409), without I/O.

    config         what the engine must know of the device's configuration
    effects        what the engine wants done
    states         the state machines of both phases, as tables
    sa             the records: ISAKMP SA, quick mode exchange, pair of IPsec SAs
    proposals      policies and transform sets <-> SA payloads, and choosing among them
    envelope       encryption and hashes of messages, once keys exist
    core           what all exchanges share: records, effects, sending and retransmission
    phase1         what both ways through phase 1 share
    main_mode      phase 1 (RFC 2409 §5.4)
    aggressive_mode  the same in three messages
    nat            translators on the way (RFC 3947)
    dpd            dead peer detection (RFC 3706)
    peers          which of several peers is in use
    quick_mode     phase 2 (RFC 2409 §5.5)
    informational  notify and delete (RFC 2409 §5.7)
    renewal        which of several SAs goes on when one nears its end
    vendors, words the wording of debug lines
    views          frozen pictures for show commands
    reception      which exchange a datagram is for
    engine         the facade: IkeEngine

The engine makes and removes IPsec SAs by effects; who keeps and uses them is not its business, and it is told when one
of them nears its end.
"""
