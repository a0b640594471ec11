"""The limits in the store's own language: every limit of a request looked at and taken in one atomic step."""

import hashlib

# ARGV per key: algorithm (f, m, b), amount, period in microseconds, cost, burst, 1 for shadow, and how
# many microseconds before it is used a unit may be taken.
# Answers in one line, per key: admitted, units left, microseconds until more come free.
# Times are the store's own, so that replicas need no common clock.
SOURCE = b"""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer, takes, refused = {}, {}, false
for i, key in ipairs(KEYS) do
  local a = (i - 1) * 7
  local how, amount, period = ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local cost, burst, shadow = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), ARGV[a + 6] == '1'
  local ahead = tonumber(ARGV[a + 7])
  local admitted, left, reset, take
  if how == 'f' then
    local count, ttl = tonumber(redis.call('GET', key) or '0'), redis.call('PTTL', key)
    left, reset = amount - count - cost, (ttl > 0 and ttl * 1000 or period)
    take = {'f', key, cost, period, ttl <= 0}
  elseif how == 'm' then
    -- What was taken early is used up to that much later, and counts from then.
    period = period + ahead
    local size, edge = redis.call('LLEN', key), now - period
    if size > 0 and tonumber(redis.call('LINDEX', key, -1)) <= edge then
      local low, high = 0, size - 1
      while low < high do
        local middle = math.floor((low + high) / 2)
        if tonumber(redis.call('LINDEX', key, middle)) <= edge then high = middle else low = middle + 1 end
      end
      if low == 0 then redis.call('DEL', key) else redis.call('LTRIM', key, 0, low - 1) end
      size = low
    end
    left = amount - size - cost
    local at = size - math.max(1, -left)
    local entry = size > 0 and redis.call('LINDEX', key, left >= 0 and -1 or math.max(0, at))
    reset = entry and (tonumber(entry) + period - now) or period
    take = {'m', key, cost, period}
  else
    local step = period / amount
    local tat = math.max(tonumber(redis.call('GET', key) or '0'), now)
    local after = math.ceil(tat + step * cost)
    local early = after - (burst * step - ahead) - now
    if early <= 0.5 then
      left, reset = math.floor((burst * step - ahead - (after - now)) / step + 0.001), after - now
    else
      left, reset = -1, early
    end
    take = {'b', key, after, now}
  end
  admitted = left >= 0
  if admitted then
    takes[#takes + 1] = {take, shadow}
  elseif not shadow then
    refused = true
  end
  answer[#answer + 1] = admitted and 1 or 0
  answer[#answer + 1] = string.format('%.0f', math.max(0, left))
  answer[#answer + 1] = string.format('%.0f', math.ceil(reset))
end
for _, entry in ipairs(takes) do
  local take, shadow = entry[1], entry[2]
  if shadow or not refused then
    local how, key = take[1], take[2]
    if how == 'f' then
      redis.call('INCRBY', key, take[3])
      if take[5] then redis.call('PEXPIRE', key, math.ceil(take[4] / 1000)) end
    elseif how == 'm' then
      local hits = {}
      for hit = 1, take[3] do hits[hit] = string.format('%.0f', now) end
      for first = 1, #hits, 1000 do
        redis.call('LPUSH', key, unpack(hits, first, math.min(first + 999, #hits)))
      end
      redis.call('PEXPIRE', key, math.ceil(take[4] / 1000) + 1)
    else
      redis.call('SET', key, string.format('%.0f', take[3]), 'PX', math.ceil((take[3] - take[4]) / 1000) + 1)
    end
  end
end
return redis.status_reply(table.concat(answer, ' '))
"""

DIGEST = hashlib.sha1(SOURCE).hexdigest().encode()  # noqa: S324  # the name Redis gives a script
