"""ESP in both modes (RFC 4303): the worker's brain, pure functions of packets, keys and injected entropy.

    association  what an IPsec SA is: selectors, transform, keys; its octets for handing it to a worker
    layout       how a batch of packets lies in memory; sizes, overhead and the MTU that remains
    seal         plaintext packets -> ESP packets, a batch at a time
    open         ESP packets -> plaintext packets with a named outcome for each
    replay       the anti-replay window
    jobs         batches and results as octets, for transport between processes
    outcomes     what can become of a packet

One SA is sealed or opened by one object in one process: order, sequence numbers and the replay window hold because
nobody else has them. A sequence number is never resumed under the same key: when the object is lost, so is the SA.
"""
