"""The road itself: routes, stations, kilometre posts, segments and what stands along them."""
