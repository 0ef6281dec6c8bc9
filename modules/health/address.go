package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// AddressFile is the name, within the data directory, of the file that says
// where the health server of the running scheduler listens.
const AddressFile = "scheduler.addr"

// maxAddressFile bounds what is read of an address file.
const maxAddressFile = 4 << 10

// Address is what the address file says.
type Address struct {
	// URL is the root of the health server, such as http://127.0.0.1:8090, with
	// an address that can be dialled on this machine.
	URL string `json:"url"`
	// PID is the process that listens.
	PID int `json:"pid"`
	// Instance is a random text that is new with every server.
	Instance string `json:"instance"`
	// Started is when the server bound its address.
	Started time.Time `json:"started"`
}

// ReadAddress reads an address file. The error wraps fs.ErrNotExist when there
// is none, which is so while no scheduler listens; after a crash the file may be
// one of a process that is gone.
func ReadAddress(path string) (Address, error) {
	var address Address
	info, err := os.Stat(path)
	if err != nil {
		return address, fmt.Errorf("read the address file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return address, fmt.Errorf("read the address file: %s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return address, fmt.Errorf("read the address file: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written to it
	text, err := io.ReadAll(io.LimitReader(file, maxAddressFile))
	if err != nil {
		return address, fmt.Errorf("read the address file: %w", err)
	}
	if err := json.Unmarshal(text, &address); err != nil {
		return Address{}, fmt.Errorf("read the address file %s: %w", path, err)
	}
	if address.URL == "" {
		return Address{}, fmt.Errorf("read the address file %s: it names no url", path)
	}
	return address, nil
}

// writeAddress puts the file in place in one step, so that nobody reads half of it.
func writeAddress(path string, address Address) error {
	text, err := json.Marshal(address)
	if err != nil {
		return fmt.Errorf("encode the address: %w", err)
	}
	dir := filepath.Dir(path)
	// The health server starts before the store, which makes the directory otherwise.
	if err = os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	file, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write the address file: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the address file: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// removeAddress removes the file unless another instance has written it since.
func removeAddress(path, instance string) error {
	address, err := ReadAddress(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if address.Instance != instance {
		return nil
	}
	return dropAddress(path)
}

// dropAddress removes the file, whoever has written it.
func dropAddress(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the address file: %w", err)
	}
	return nil
}
