"""The embedded PostgreSQL: what stops it from starting is said in one sentence; users that died are forgotten."""

import json
import os
import shutil
import subprocess
from collections import namedtuple

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import database

Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9, 10**6))
    with pytest.raises(ImproperlyConfigured, match="less than 200 MB free"):
        database.start_embedded_server(tmp_path)


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ImproperlyConfigured, match="cannot be written"):
        database.start_embedded_server(tmp_path / "data")


def test_a_user_of_the_server_that_was_killed_is_forgotten(tmp_path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    users = tmp_path / ".handle_pids.json"
    users.write_text(json.dumps([dead.pid, os.getpid()]))
    database.forget_dead_users(tmp_path)
    assert json.loads(users.read_text()) == [os.getpid()]


def test_stopping_where_no_server_runs_does_nothing(tmp_path):
    database.stop_embedded_server(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_pool_replaces_kept_connections(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/d")
    pooled = database.database_settings(data_dir=tmp_path, pool_size=4, keep_seconds=600)
    assert pooled["OPTIONS"]["pool"]["max_size"] == 4
    assert pooled["OPTIONS"]["pool"]["reconnect_timeout"] <= 10, "a short outage must not be made longer"
    assert pooled["CONN_MAX_AGE"] == 0
    assert database.database_settings(data_dir=tmp_path, keep_seconds=600)["CONN_MAX_AGE"] == 600


def test_a_server_that_vanished_is_noticed_within_half_a_minute(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h/d?tcp_user_timeout=5000")
    options = database.database_settings(data_dir=tmp_path)["OPTIONS"]
    assert options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"] <= 30
    assert int(options["tcp_user_timeout"]) == 5000  # whoever says it in the URL knows better
