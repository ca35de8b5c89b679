"""The Lua scripts that the server runs, one step for each call.

A key contains a list: the timestamps at which it was counted, in microseconds of the server's clock, oldest first; and
at the end an `r` once it was refused. The window slides over the timestamps themselves, as in memory. A list expires
when its window has passed. Each script touches the one key it is given, so that it runs in a cluster too.

A limit of up to 64 hits stores each timestamp. A larger one stores at most about 64 entries `moment:count`, one for
each slice of the window in which something was counted, under keys of another prefix. An entry has the timestamp of its
newest hit, so it leaves the window up to one slice too late and never too early.
"""

EXACT_HITS = 64
SLICES = 60

# ARGV: how many may be counted, and the window in microseconds. Returns {0, 0} when counted; when refused, the
# microseconds until there is room, and 1 if it is the first refusal.
TAKE = """
local key, hits, window = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local last = redis.call('LINDEX', key, -1)
local refused = last == 'r'
if refused then last = redis.call('LINDEX', key, -2) end

-- The clock was set back, or another server took over. What was counted must not stay for longer than the window.
local ahead = last and last - now or 0
if ahead > 0 then
  local moments = redis.call('LRANGE', key, 0, -1)
  for place, moment in ipairs(moments) do
    if moment ~= 'r' then redis.call('LSET', key, place - 1, string.format('%.0f', moment - ahead)) end
  end
end

local oldest = redis.call('LINDEX', key, 0)
while oldest and oldest ~= 'r' and tonumber(oldest) <= now - window do
  redis.call('LPOP', key)
  oldest = redis.call('LINDEX', key, 0)
end

local mark = refused and 1 or 0
if redis.call('LLEN', key) - mark >= hits then
  local room = redis.call('LINDEX', key, -hits - mark) + window - now
  if not refused then redis.call('RPUSH', key, 'r') end
  return {room, 1 - mark}
end
if refused then redis.call('RPOP', key) end
redis.call('RPUSH', key, string.format('%.0f', now))
redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1000)
return {0, 0}
"""

# ARGV: how many may be counted, the window and the length of a slice in microseconds. Returns the same as TAKE.
TAKE_IN_SLICES = """
local key, hits, window, slice = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local entries = redis.call('LRANGE', key, 0, -1)
local refused = entries[#entries] == 'r'
if refused then table.remove(entries) end

local moments, counts, total = {}, {}, 0
for place, entry in ipairs(entries) do
  local moment, count = string.match(entry, '^(%d+):(%d+)$')
  moments[place], counts[place] = tonumber(moment), tonumber(count)
  total = total + counts[place]
end

-- The clock was set back, or another server took over. What was counted must not stay for longer than the window.
local ahead = #moments > 0 and moments[#moments] - now or 0
if ahead > 0 then
  for place, count in ipairs(counts) do
    moments[place] = moments[place] - ahead
    redis.call('LSET', key, place - 1, string.format('%.0f:%d', moments[place], count))
  end
end

local first = 1
while moments[first] and moments[first] <= now - window do
  total = total - counts[first]
  redis.call('LPOP', key)
  first = first + 1
end

if total >= hits then
  local place, counted = #moments + 1, 0
  while counted < hits do
    place = place - 1
    counted = counted + counts[place]
  end
  if not refused then redis.call('RPUSH', key, 'r') end
  return {moments[place] + window - now, refused and 0 or 1}
end
if refused then redis.call('RPOP', key) end
local last = #moments
if last >= first and math.floor(moments[last] / slice) == math.floor(now / slice) then
  redis.call('LSET', key, -1, string.format('%.0f:%d', now, counts[last] + 1))
else
  redis.call('RPUSH', key, string.format('%.0f:1', now))
end
redis.call('PEXPIRE', key, math.ceil(window / 1000) + 1000)
return {0, 0}
"""

# Removes the newest hit, no matter which of the two scripts has counted it.
GIVE_BACK = """
if redis.call('LINDEX', KEYS[1], -1) == 'r' then redis.call('RPOP', KEYS[1]) end
local moment, count = string.match(redis.call('LINDEX', KEYS[1], -1) or '', '^(%d+):(%d+)$')
if moment and tonumber(count) > 1 then
  redis.call('LSET', KEYS[1], -1, string.format('%s:%d', moment, count - 1))
else
  redis.call('RPOP', KEYS[1])
end
return 0
"""
