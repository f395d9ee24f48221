-- wrk: one chat completion per request, with the caller's key; at the end one line "requests errors microseconds p50 p99".
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer sk-benchmark-user"
wrk.body = '{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant."},'
  .. '{"role":"user","content":"Hello!"}],"temperature":0.7,"max_tokens":256}'

done = function(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n",
    summary.requests, errors, summary.duration, latency:percentile(50), latency:percentile(99)))
end
