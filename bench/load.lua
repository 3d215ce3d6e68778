-- For wrk: webhook bodies with one text message each, every one with an id of its own.
-- Arguments after --: run mark, secret, then the channel ids.
local channels, mark, secret, count = {}, "", "", 0

function init(arguments)
  mark, secret = arguments[1], arguments[2]
  for position = 3, #arguments do channels[#channels + 1] = arguments[position] end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-Webhook-Secret"] = secret
end

function request()
  count = count + 1
  local channel = channels[count % #channels + 1]
  local person = "155501" .. string.format("%05d", math.floor(count / #channels) % 50)
  local body = '{"messages":[{"id":"' .. mark .. "-" .. string.format("%010d", count) .. '","from_me":false,"type":"text",'
    .. '"chat_id":"' .. person .. '@s.whatsapp.net","timestamp":' .. (1750000000 + count) .. ',"source":"mobile",'
    .. '"text":{"body":"Hello, is number ' .. count .. ' still free?"},"from":"' .. person .. '","from_name":"Bench Person"}],'
    .. '"event":{"type":"messages","event":"post"},"channel_id":"BENCH"}'
  return wrk.format(nil, "/api/webhooks/whapi/" .. channel, nil, body)
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('RESULT {"requests": %d, "seconds": %.3f, "p50_ms": %.2f, "p99_ms": %.2f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
