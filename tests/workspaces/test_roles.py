"""The permission table."""

import pytest

from workspaces.roles import Permission, Role, allows


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        (Role.VIEWER, Permission.SEE_CHATS, True),
        (Role.VIEWER, Permission.WRITE_MESSAGES, False),
        (Role.AGENT, Permission.WRITE_MESSAGES, True),
        (Role.AGENT, Permission.MANAGE_CHANNELS, False),
        (Role.ADMIN, Permission.MANAGE_CHANNELS, True),
        (Role.ADMIN, Permission.MANAGE_WORKSPACE, False),
        (Role.OWNER, Permission.MANAGE_WORKSPACE, True),
        ("stranger", Permission.SEE_CHATS, False),
    ],
)
def test_each_role_may_do_what_the_table_says(role, permission, allowed):
    assert allows(role, permission) is allowed


def test_the_cast_can_be_set_up(world):
    assert world.ana.may(Permission.MANAGE_WORKSPACE)
    assert world.zoe.workspace != world.acme
