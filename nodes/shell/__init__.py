"""The process around a device, and the only room with asyncio, ZeroMQ, files, the clock and entropy.

main       a node description -> a running process
pump       carries input and time to the device and what it wants done to the world
telnet     the console port: a session for each connection
requests   commands that the operator sends through the broker
esp        the worker processes that seal and open ESP packets
keylog     what a capture can be decrypted with
nvram      where the startup-config is kept; flash: the other files
"""
