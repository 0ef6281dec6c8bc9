package store

// NetworkName is for tests: there are no network file systems in them.
var NetworkName = networkName //nolint:gochecknoglobals // Tests reach it by this name only.
