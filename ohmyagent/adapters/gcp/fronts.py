"""Google's own networks, from which its front ends speak: what stands between Firebase Hosting and a function.

Customers' machines are in other ones, so that nobody who calls a function directly does it from here.  Google
publishes them: the networks of goog.json that are not in cloud.json, both below https://www.gstatic.com/ipranges/.
Written on 2026-11-20 without a look at that list; `OMA_PROXY_NETWORKS` replaces them.
"""

from ipaddress import ip_network

FRONTS = tuple(
    ip_network(text)
    for text in (
        "35.191.0.0/16",
        "64.233.160.0/19",
        "66.102.0.0/20",
        "66.249.64.0/19",
        "72.14.192.0/18",
        "74.125.0.0/16",
        "108.177.0.0/17",
        "130.211.0.0/22",
        "142.250.0.0/15",
        "172.217.0.0/16",
        "172.253.0.0/16",
        "173.194.0.0/16",
        "192.178.0.0/15",
        "209.85.128.0/17",
        "216.58.192.0/19",
        "216.239.32.0/19",
        "2001:4860::/32",
        "2404:6800::/32",
        "2607:f8b0::/32",
        "2800:3f0::/32",
        "2a00:1450::/32",
        "2c0f:fb50::/32",
    )
)
