-- the scenarios' Lua: 5.4 without what the sandbox takes away
std = "lua54"
max_line_length = 120
not_globals = {
  "io", "os", "debug", "package", "coroutine", "load", "loadfile", "dofile", "loadstring", "collectgarbage",
  "next", "rawget", "rawset", "rawlen", "warn", "_G",
}
