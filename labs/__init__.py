"""What a person runs: lab files, the launcher, the ``wirelab`` command, and the labs that come with it.

document    YAML text -> plain values, each with its place in the file
model       the keys of a lab file and what each may hold
load        a lab file -> a Lab, or every mistake in it with its place
lab         the Lab itself: nodes, ports, cables, stages
describe    a Lab -> the descriptions that the broker and the devices read
prepare     the same, and keys, in folders for processes that something else starts
state       the directories of a lab that runs, its record and its locks
programs    a Lab -> the configuration of its supervisord
supervisor  supervisord as a fork server: ``python -m labs.supervisor``
control     talks to a running supervisord and to the broker
launch      up, down, and everything between
running     a lab that runs as the verbs see it; local: one that was started here, containers: one that compose runs
compose     a Lab -> a compose file; gateway: the way into such a lab, ``python -m labs.gateway``
new         a lab to start from; schema: what editors are told of lab files
command     the command line; ``verbs`` holds one module per group of verbs
catalog     the labs that come with the product
"""
