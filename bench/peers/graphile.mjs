// Drains JOBS no-op jobs with graphile-worker: node graphile.mjs default|local|ordered JOBS SECONDS
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [how, jobs, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const CHATS = 4000;
const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => () => {});
const batched = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const preset = { worker: { connectionString, concurrentJobs: 24, maxPoolSize: 25, ...(how === "local" ? batched : {}) } };

const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
const client = new pg.Client({ connectionString });
await client.connect();
await client.query(
  `SELECT count(graphile_worker.add_job('nothing', json_build_object('text', repeat('x', 200)),
     queue_name => CASE WHEN $2 THEN 'chat' || n % $3 END)) FROM generate_series(1, $1::int) n`,
  [jobs, how === "ordered", CHATS],
);
await client.query("ANALYZE");

const begun = performance.now();
const runner = await run({ preset, logger, noHandleSignals: true, taskList: { nothing: async () => {} } });
let left, took;
do {
  await new Promise((resolve) => setTimeout(resolve, 100));
  left = (await client.query("SELECT count(*)::int AS number FROM graphile_worker._private_jobs")).rows[0].number;
  took = (performance.now() - begun) / 1000;
} while (left > 0 && took < seconds);
console.log(JSON.stringify({ done: jobs - left, seconds: took }));
await runner.stop().catch(() => {});
process.exit(0);
