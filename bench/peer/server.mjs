// The yardstick: the same statements as Waybill's ingestion, all inside the request, in one transaction.
// Usage: DATABASE_URL=… PORT=… node server.mjs
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import express from "express";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });
const app = express();
app.disable("x-powered-by");
app.use(express.raw({ type: "*/*", limit: "5mb" }));

const LOOK_UP = {
  name: "look-up",
  text: "SELECT id, workspace_id, webhook_secret_digest FROM public.channels_app_channel WHERE id = $1 AND removed_at IS NULL",
};
const STORE = {
  name: "store",
  text: `INSERT INTO peer.webhooks_inboundevent (id, workspace_id, channel_id, method, suffix, body, kind, result, reason, wa_message_ids, attempts)
         VALUES ($1, $2, $3, 'POST', '', $4, 'messages.post', 'applied', '', $5, 0)`,
};
const CHAT = {
  name: "chat",
  text: `INSERT INTO peer.chat (id, workspace_id, channel_id, wa_chat_id, kind, last_message_at)
         VALUES ($1, $2, $3, $4, 'direct', to_timestamp($5))
         ON CONFLICT (channel_id, wa_chat_id) DO UPDATE SET last_message_at = greatest(peer.chat.last_message_at, excluded.last_message_at)
         RETURNING id`,
};
const MESSAGE = {
  name: "message",
  text: `INSERT INTO peer.message (id, workspace_id, channel_id, chat_id, direction, type, text, wa_message_id, sender_wa_id, sender_name, status, sort_at)
         VALUES ($1, $2, $3, $4, 'inbound', 'text', $5, $6, $7, $8, 'received', to_timestamp($9))
         ON CONFLICT (channel_id, wa_message_id) DO NOTHING`,
};

function proven(secret, digest) {
  const ours = Buffer.from(digest, "hex");
  const theirs = createHash("sha256").update(secret ?? "").digest();
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

app.post("/api/webhooks/whapi/:channel", async (request, response) => {
  const client = await pool.connect();
  try {
    const channel = (await client.query({ ...LOOK_UP, values: [request.params.channel] })).rows[0];
    if (!channel) return response.status(404).json({ error: "unknown channel" });
    if (!proven(request.get("x-webhook-secret"), channel.webhook_secret_digest)) {
      return response.status(401).json({ error: "wrong secret" });
    }
    const body = JSON.parse(request.body.toString());
    await client.query("BEGIN");
    const ids = body.messages.map((message) => message.id);
    await client.query({ ...STORE, values: [randomUUID(), channel.workspace_id, channel.id, request.body, ids] });
    for (const message of body.messages) {
      const chat = await client.query({
        ...CHAT,
        values: [randomUUID(), channel.workspace_id, channel.id, message.chat_id, message.timestamp],
      });
      await client.query({
        ...MESSAGE,
        values: [
          randomUUID(), channel.workspace_id, channel.id, chat.rows[0].id, message.text.body, message.id,
          `${message.from}@s.whatsapp.net`, message.from_name, message.timestamp,
        ],
      });
    }
    await client.query("COMMIT");
    response.json({ received: body.messages.length });
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    response.status(500).json({ error: String(error.message) });
  } finally {
    client.release();
  }
});

app.get("/healthz", (request, response) => response.json({ status: "ok" }));
app.listen(Number(process.env.PORT), "127.0.0.1");
