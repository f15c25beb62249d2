"""Lines for a console."""

from __future__ import annotations

from nodes.decode import text

Frames = dict[str, bytes]


def test_packet_list(frames: Frames) -> None:
    names = ["arp-request", "arp-reply", "echo-request", "time-exceeded", "main-mode-1", "esp"]
    lines = [text.packet_line(n, n / 8, "Eth0", frames[name]) for n, name in enumerate(names, 1)]
    assert "\n".join([text.HEADINGS, *lines]) == (
        "  No.       Time Port   Source            Destination       Protocol Info\n"
        "    1   0.125000 Eth0   8e:79:8b:59:e7:23 Broadcast         ARP      Who has 10.0.10.20? Tell 10.0.10.10\n"
        "    2   0.250000 Eth0   ae:d6:9f:c7:44:d1 8e:79:8b:59:e7:23 ARP      10.0.10.20 is at ae:d6:9f:c7:44:d1\n"
        "    3   0.375000 Eth0   192.168.1.1       192.168.2.1       ICMP     "
        "Echo (ping) request id=0x0001 seq=1 ttl=128\n"
        "    4   0.500000 Eth0   192.168.1.254     192.168.1.1       ICMP     Time to live exceeded (in transit)\n"
        "    5   0.625000 Eth0   10.0.10.10        10.0.10.20        ISAKMP   Identity Protection (Main Mode)\n"
        "    6   0.750000 Eth0   10.0.10.10        10.0.10.20        ESP      SPI=0x3c720c5d seq=1"
    )


def test_packet_detail(frames: Frames) -> None:
    assert (
        "\n".join(text.packet_detail(4, 0.5, "Ethernet0", frames["time-exceeded"]))
        == """\
Packet 4: 0.500000 s, Ethernet0, 70 octets
  Ethernet: 02:00:00:00:00:01 -> 02:00:00:00:00:02, type IPv4 (0x0800)
      Destination: 02:00:00:00:00:02
      Source: 02:00:00:00:00:01
      Type: IPv4 (0x0800)
  IPv4: 192.168.1.254 -> 192.168.1.1, ICMP (1), ttl 128
      Version: 4
      Header length: 20 octets
      Type of service: 0x00 (DSCP 0, ECN 0)
      Total length: 56 octets
      Identification: 0x0007 (7)
      Flags: 0x0
          Don't fragment: no
          More fragments: no
      Fragment offset: 0 octets
      Time to live: 128
      Protocol: ICMP (1)
      Header checksum: 0xb66e (correct)
      Source: 192.168.1.254
      Destination: 192.168.1.1
  ICMP: Time to live exceeded (in transit)
      Type: 11 (Time to live exceeded)
      Code: 0 (in transit)
      Checksum: 0x2e35 (correct)
    Quoted packet
      IPv4: 192.168.1.1 -> 192.168.2.1, UDP (17), ttl 1
          Version: 4
          Header length: 20 octets
          Type of service: 0x00 (DSCP 0, ECN 0)
          Total length: 48 octets
          Identification: 0x0000 (0)
          Flags: 0x0
              Don't fragment: no
              More fragments: no
          Fragment offset: 0 octets
          Time to live: 1
          Protocol: UDP (17)
          Header checksum: 0x356b (correct)
          Source: 192.168.1.1
          Destination: 192.168.2.1
      UDP: 33434 -> 33435 Len=20
          Source port: 33434
          Destination port: 33435
          Length: 28 octets
          Checksum: 0xc178 (not checked: a part of the message is not here)"""
    )


def test_lines_hold_only_printable_ascii(frames: Frames) -> None:
    for name, frame in frames.items():
        for line in [*text.packet_detail(1, 0.0, "Eth0", frame), text.packet_line(1, 0.0, "Eth0", frame)]:
            assert line.isascii(), name
            assert line.isprintable(), name
