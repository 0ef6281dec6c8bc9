package catalog

import (
	"cmp"
	"context"
	"slices"

	"go.uber.org/zap"

	"dagu/modules/store"
)

// saveBatch is how many rows are written at once.
const saveBatch = 500

// settle decides which version of each file is scheduled, makes the store agree,
// and publishes. It does nothing when nothing changed.
func (s *state) settle(ctx context.Context) error {
	if !s.unsettled.Load() {
		return nil
	}
	verdicts, err := s.decide(ctx)
	if err != nil {
		return err
	}
	if err := cmp.Or(s.save(ctx, verdicts), ctx.Err()); err != nil {
		return err
	}
	s.publish(verdicts)
	s.unsettled.Store(false)
	return nil
}

// decide returns the verdicts, once the texts of all versions that are to be
// scheduled are in the store. A version that waited for its name was stored when
// it was loaded, and retention may have taken it since: it is loaded again.
func (s *state) decide(ctx context.Context) ([]verdict, error) {
	for {
		verdicts := settle(s.files)
		var again []pending
		for _, v := range verdicts {
			f := v.file
			if v.next != nil && v.next == f.cur && f.cur.Hash != f.saved.Hash && f.put != s.round {
				f.hash, f.cur = "", nil
				again = append(again, pending{file: f, print: f.print})
			}
		}
		if len(again) == 0 {
			return verdicts, nil
		}
		if err := s.load(ctx, again); err != nil {
			return nil, err
		}
	}
}

// save writes which version of each file is scheduled.
func (s *state) save(ctx context.Context, verdicts []verdict) error {
	var rows []store.File
	var files []*file
	for _, v := range verdicts {
		f := v.file
		switch {
		case v.next == nil && v.err != nil && f.saved.Hash != "":
			s.drop[f.path] = struct{}{}
			f.saved = store.File{}
		case v.next != nil && (v.next.Hash != f.saved.Hash || v.next.Name != f.saved.DAG):
			rows = append(rows, store.File{Path: f.path, DAG: v.next.Name, Hash: v.next.Hash})
			files = append(files, f)
		}
	}
	if err := s.removeRows(ctx); err != nil {
		return err
	}
	for len(rows) > 0 {
		n := min(saveBatch, len(rows))
		err := s.call(ctx, "store which versions of DAG files are good", func(ctx context.Context) error {
			return s.store.SaveFiles(ctx, rows[:n])
		})
		if err != nil {
			return err
		}
		for i, f := range files[:n] {
			f.saved = rows[i]
		}
		rows, files = rows[n:], files[n:]
	}
	return nil
}

// removeRows removes the rows of files that are gone or have nothing scheduled.
func (s *state) removeRows(ctx context.Context) error {
	paths := make([]string, 0, len(s.drop))
	for path := range s.drop {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for batch := range slices.Chunk(paths, saveBatch) {
		err := s.call(ctx, "remove the rows of DAG files", func(ctx context.Context) error {
			return s.store.RemoveFiles(ctx, batch)
		})
		if err != nil {
			return err
		}
		for _, path := range batch {
			delete(s.drop, path)
		}
	}
	return nil
}

// publish schedules what was decided, shows it to readers, and logs what changed.
func (s *state) publish(verdicts []verdict) {
	before := s.out.current.Load()
	r := reporter{log: s.log, quiet: before.gen == 0}
	slices.SortFunc(verdicts, func(a, b verdict) int { return cmp.Compare(a.file.name, b.file.name) })
	entries := make([]Entry, 0, len(verdicts))
	for _, v := range verdicts {
		f := v.file
		var e Entry
		switch {
		case v.next != nil:
			e = *v.next
		case v.err != nil:
			e = Entry{Name: cmp.Or(f.claim(), stem(f.name)), File: f.path}
		default:
			continue // it went away before it was read
		}
		e.Err = v.err
		entries = append(entries, e)
		r.file(f, v)
		f.sched, f.told = v.next, errText(v.err)
	}
	after := before.next(entries)
	r.removed(after.removed, after.gen)
	r.done(len(after.entries), after.bad)
	s.Metrics.published(len(after.entries), after.bad)
	if before.gen > 0 && slices.EqualFunc(before.entries, after.entries, func(a, b Entry) bool { return a.same(&b) }) {
		return
	}
	s.out.publish(after)
}

// maxReported bounds the lines that one comparison logs about files.
const maxReported = 20

// reporter logs the changes of states, not the states.
type reporter struct {
	log *zap.Logger
	// quiet leaves good news out: everything is new at the start.
	quiet    bool
	lines    int
	unlisted int
}

func (r *reporter) file(f *file, v verdict) {
	text := errText(v.err)
	switch {
	case text != f.told && v.err != nil && v.next != nil && v.next == f.cur: // nothing is wrong with the file itself
		r.say(r.log.Warn, "another dag file has the name of one that is scheduled", zap.String("file", f.path),
			zap.String("dag", v.next.Name), zap.Error(v.err))
	case text != f.told && v.err != nil && v.next != nil:
		r.say(r.log.Warn, "dag file is bad; its last good version stays scheduled", zap.String("file", f.path),
			zap.String("dag", v.next.Name), zap.Error(v.err))
	case text != f.told && v.err != nil:
		r.say(r.log.Warn, "dag file is bad; it is not scheduled", zap.String("file", f.path), zap.Error(v.err))
	case r.quiet:
	case text != f.told:
		r.say(r.log.Info, "dag file is good again", zap.String("file", f.path), zap.String("dag", v.next.Name))
	case f.sched == nil && v.next != nil:
		r.say(r.log.Info, "dag added", zap.String("file", f.path), zap.String("dag", v.next.Name))
	case v.next != nil && f.sched.Hash != v.next.Hash:
		r.say(r.log.Info, "dag changed", zap.String("file", f.path), zap.String("dag", v.next.Name))
	}
}

func (r *reporter) removed(names []removedName, gen uint64) {
	for _, n := range names {
		if n.gen == gen {
			r.say(r.log.Info, "dag removed", zap.String("dag", n.name))
		}
	}
}

func (r *reporter) say(log func(string, ...zap.Field), message string, fields ...zap.Field) {
	if r.lines >= maxReported {
		r.unlisted++
		return
	}
	r.lines++
	log(message, fields...)
}

func (r *reporter) done(files, bad int) {
	if r.quiet {
		r.log.Info("dags loaded", zap.Int("files", files), zap.Int("bad", bad))
	}
	if r.unlisted > 0 {
		r.log.Info("more changes of dag files are not listed", zap.Int("unlisted", r.unlisted))
	}
}
