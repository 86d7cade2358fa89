--- What is held back of hosts' rewards, and when they get it: depin.token { … } (depin.hold.storj).
local month_d = 365 / 12

return {
  --- 75 % in the months 1 to 3 of a host, 50 % in 4 to 6, 25 % in 7 to 9, then nothing; half of it comes back after 15
  -- months, the rest to who leaves as he should, and nothing to others (storj satellite/compensation/config.go).
  storj = {
    hold_age_d = { 0, 3 * month_d, 6 * month_d, 9 * month_d }, hold_age_ratio = { 0.75, 0.5, 0.25, 0 },
    hold_return_d = 15 * month_d, hold_return_ratio = 0.5,
  },
  --- 75 %, released evenly over 180 days (filecoin builtin-actors monies.rs).
  filecoin = { hold_ratio = 0.75, hold_d = 180 },
}
