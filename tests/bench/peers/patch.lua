-- One PATCH again and again, with the body of an order: how fast the server and the loopback are at most.

wrk.method = "PATCH"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer bench"

function init(arguments)
	local file = assert(io.open(arguments[1], "rb"))
	wrk.body = file:read("*a")
	file:close()
end
