"""What the server does in one step for each call, in Lua.

A key holds a list: the moments at which it was counted, in microseconds of the server's clock, the oldest first; and at
the end an `r` once it was refused. The window slides over the moments themselves, as in memory. A list has at most as
many moments as the limit, and goes by itself when its window is over. Each script touches the one key it is given, so
that it runs in a cluster too.
"""

# ARGV: how many may be counted, and the window in microseconds.
# Answers {0, 0} when counted; when refused, the microseconds until there is room, and 1 if it is the first refusal.
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

# Forgets the newest moment.
GIVE_BACK = """
if redis.call('LINDEX', KEYS[1], -1) == 'r' then redis.call('RPOP', KEYS[1]) end
redis.call('RPOP', KEYS[1])
return 0
"""
