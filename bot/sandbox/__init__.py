"""The sandbox: Discord for your own machine (REST, gateway, CDN and a page to use it from)."""
