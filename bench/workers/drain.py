"""drain3 with its defaults."""

from answering import serve
from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig


def group(lines: list[str]) -> list[str]:
    miner = TemplateMiner(config=TemplateMinerConfig())
    return [str(miner.add_log_message(line)["cluster_id"]) for line in lines]


serve(group, group)
