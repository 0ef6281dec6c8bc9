package store

// NetworkName is networkName: there are no network file systems in tests.
func NetworkName(magic uint32) string { return networkName(magic) }

// Statements returns the text of every statement that was prepared. Nothing may
// be under way.
func (s *Store) Statements() []string {
	var list []string
	for text := range s.db.writer.stmts {
		list = append(list, text)
	}
	s.db.readers.stmts.Range(func(text, _ any) bool {
		t, _ := text.(string)
		list = append(list, t)
		return true
	})
	return list
}
