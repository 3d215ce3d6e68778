-- The peer's tables: the columns it writes, with the keys and the search index that Waybill's own tables have.
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;
CREATE TABLE peer.webhooks_inboundevent (LIKE public.webhooks_inboundevent INCLUDING ALL);
CREATE TABLE peer.chat (
    id uuid PRIMARY KEY, workspace_id uuid NOT NULL, channel_id uuid NOT NULL, wa_chat_id varchar(80) NOT NULL,
    kind varchar(6) NOT NULL, last_message_at timestamptz NOT NULL, UNIQUE (channel_id, wa_chat_id)
);
CREATE INDEX ON peer.chat (workspace_id, last_message_at DESC, id DESC);
CREATE INDEX ON peer.chat (channel_id, last_message_at DESC, id DESC);
CREATE TABLE peer.message (
    id uuid PRIMARY KEY, workspace_id uuid NOT NULL, channel_id uuid NOT NULL, chat_id uuid NOT NULL,
    direction varchar(8) NOT NULL, type varchar(12) NOT NULL, text text NOT NULL, wa_message_id varchar(128),
    sender_wa_id varchar(80) NOT NULL, sender_name varchar(200) NOT NULL, status varchar(10) NOT NULL,
    sort_at timestamptz NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED,
    UNIQUE (channel_id, wa_message_id)
);
CREATE INDEX ON peer.message (chat_id, sort_at DESC, id DESC);
CREATE INDEX ON peer.message (chat_id, id DESC) WHERE direction = 'inbound';
CREATE INDEX ON peer.message USING gin (search);
