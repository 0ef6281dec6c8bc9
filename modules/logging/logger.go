package logging

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Formats of a line.
const (
	// Text is for people: time, level, message, and the fields as JSON.
	Text = "text"
	// JSON is one object in a line, with the keys time, level, logger and msg.
	JSON = "json"
)

const (
	defaultBuffer  = 1 << 20
	defaultMaxLine = 16 << 10
	minMaxLine     = 1 << 10
	// syncTimeout bounds Sync, which zap calls without a context.
	syncTimeout = time.Second
)

// Options configures a Logger. The zero Options work.
type Options struct {
	// Format is Text or JSON; "" is Text.
	Format string
	// Debug lets debug lines through.
	Debug bool
	// Out is where lines go; nil is os.Stderr.
	Out io.Writer
	// Color colours the level in Text; see Colored.
	Color bool
	// Buffer is how many bytes may wait to be written; 0 is 1 MiB.
	Buffer int
	// MaxLine is the length in bytes at which a line is cut; 0 is 16 KiB, and
	// less than 1 KiB is an error.
	MaxLine int
}

// Logger is a zap logger that never blocks its callers. All methods may be
// called at once.
type Logger struct {
	zap *zap.Logger
	out *writer
}

// New makes a Logger. It writes from the first line on, also before Start. The
// error names the option that is wrong.
func New(opts Options) (*Logger, error) {
	if opts.Out == nil {
		opts.Out = os.Stderr
	}
	if opts.Buffer == 0 {
		opts.Buffer = defaultBuffer
	}
	if opts.MaxLine == 0 {
		opts.MaxLine = defaultMaxLine
	}
	if opts.MaxLine < minMaxLine {
		return nil, fmt.Errorf("logging option MaxLine: found %d, want at least %d", opts.MaxLine, minMaxLine)
	}
	if opts.Buffer < opts.MaxLine {
		return nil, fmt.Errorf("logging option Buffer: found %d, want at least MaxLine (%d)", opts.Buffer, opts.MaxLine)
	}
	encoder, err := newEncoder(opts)
	if err != nil {
		return nil, err
	}
	level := zapcore.InfoLevel
	if opts.Debug {
		level = zapcore.DebugLevel
	}
	c := &core{LevelEnabler: level, encoder: encoder, bare: encoder.Clone(), json: opts.Format == JSON, limit: opts.MaxLine}
	c.out = newWriter(opts.Out, opts.Buffer, c.dropped)
	// The core reports nothing to zap: a line that cannot be written is counted.
	log := zap.New(c, zap.ErrorOutput(zapcore.AddSync(io.Discard)))
	return &Logger{zap: log, out: c.out}, nil
}

// Zap is the logger to log with.
func (l *Logger) Zap() *zap.Logger { return l.zap }

// Start makes sure that a closed stdout or stderr does not end the process from
// now on, whoever writes to it.
func (l *Logger) Start(context.Context) error {
	l.out.open()
	return nil
}

// Flush waits until the lines logged so far are written or lost, or until ctx is done.
func (l *Logger) Flush(ctx context.Context) error {
	if err := l.out.flush(ctx); err != nil {
		return fmt.Errorf("flush the log: %w", err)
	}
	return nil
}

// Stop writes what is waiting, until ctx is done, and gives SIGPIPE back. The
// error says that lines were left over; the goroutine that is stuck with them
// stays, and SIGPIPE stays caught, so that the process can still end as it
// means to. A line that is logged later is written if the process lives long
// enough; a further Stop waits for it. Stop may come before Start and many times.
func (l *Logger) Stop(ctx context.Context) error {
	l.out.close()
	if err := l.out.flush(ctx); err != nil {
		return fmt.Errorf("write what is left of the log: %w", err)
	}
	return nil
}

// Dropped is how many lines were lost since New: the buffer was full, or writing failed.
func (l *Logger) Dropped() uint64 { return l.out.dropped() }

func newEncoder(opts Options) (zapcore.Encoder, error) {
	cfg := zapcore.EncoderConfig{
		TimeKey:          "time",
		LevelKey:         "level",
		NameKey:          "logger",
		MessageKey:       "msg",
		EncodeTime:       zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000Z07:00"),
		EncodeLevel:      zapcore.LowercaseLevelEncoder,
		EncodeDuration:   zapcore.StringDurationEncoder,
		ConsoleSeparator: " ",
	}
	switch opts.Format {
	case JSON:
		return zapcore.NewJSONEncoder(cfg), nil
	case "", Text:
		cfg.EncodeLevel = zapcore.CapitalLevelEncoder
		if opts.Color {
			cfg.EncodeLevel = zapcore.CapitalColorLevelEncoder
		}
		return zapcore.NewConsoleEncoder(cfg), nil
	default:
		return nil, fmt.Errorf("logging option Format: found %q, want %s or %s", opts.Format, Text, JSON)
	}
}
