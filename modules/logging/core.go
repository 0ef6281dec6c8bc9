package logging

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// core turns entries into lines of bounded length and hands them to the writer.
type core struct {
	zapcore.LevelEnabler
	// encoder holds the fields of With; bare holds none.
	encoder zapcore.Encoder
	bare    zapcore.Encoder
	json    bool
	limit   int
	out     *writer
}

// With is part of zapcore.Core.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	clone := *c
	clone.encoder = c.encoder.Clone()
	for _, field := range fields {
		field.AddTo(clone.encoder)
	}
	return &clone
}

// Check is part of zapcore.Core.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write is part of zapcore.Core. It waits for nothing, but behind a line after
// which the process may end.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	entry.Message = c.oneLine(entry.Message)
	buf, err := c.encoder.EncodeEntry(entry, fields)
	if err != nil {
		return fmt.Errorf("encode log line: %w", err)
	}
	defer buf.Free()
	if line := buf.Bytes(); len(line) <= c.limit {
		c.out.add(line)
	} else {
		c.out.add(c.cut(entry, line))
	}
	if entry.Level > zapcore.ErrorLevel {
		return c.Sync()
	}
	return nil
}

// Sync waits until everything that was logged before has been written, at most a second.
func (c *core) Sync() error {
	ctx, cancel := context.WithTimeout(context.Background(), syncTimeout)
	defer cancel()
	if err := c.out.flush(ctx); err != nil {
		return fmt.Errorf("sync log: %w", err)
	}
	return nil
}

// oneLine keeps a message from looking like several lines, and from controlling a terminal; JSON escapes by itself.
func (c *core) oneLine(message string) string {
	if c.json || utf8.ValidString(message) && !strings.ContainsFunc(message, unicode.IsControl) {
		return message
	}
	quoted := strconv.Quote(message)
	return quoted[1 : len(quoted)-1]
}

// cut shortens a line that is too long. What is left of a JSON line becomes a
// field, so that the line stays an object; escaping makes a byte six at most,
// hence the small parts of the limit.
func (c *core) cut(entry zapcore.Entry, line []byte) []byte {
	size := len(line)
	if c.json {
		entry.Message = string(prefix([]byte(entry.Message), c.limit/64))
		buf, err := c.bare.EncodeEntry(entry, []zapcore.Field{
			zap.Int("cut_from_bytes", size), zap.ByteString("line", prefix(line, c.limit/8)),
		})
		if err == nil && buf.Len() <= c.limit {
			return buf.Bytes()
		}
	}
	tail := fmt.Sprintf("... (cut from %d bytes)\n", size)
	return append(prefix(line, c.limit-len(tail)), tail...)
}

// prefix is a copy of at most n bytes that ends with a whole character.
func prefix(text []byte, n int) []byte {
	if len(text) <= n {
		return append([]byte(nil), text...)
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return append([]byte(nil), text[:n]...)
}

// dropped is the line that tells of n lost ones.
func (c *core) dropped(n uint64) []byte {
	entry := zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), Message: "log lines dropped"}
	buf, err := c.bare.EncodeEntry(entry, []zapcore.Field{zap.Uint64("count", n)})
	if err != nil {
		return nil
	}
	return buf.Bytes()
}
