package action

import "fmt"

// scalars judges a list whose entries must be texts, numbers or booleans.
func scalars(v any) error {
	list, _ := v.([]any)
	for i, item := range list {
		if !isScalar(item) {
			return fmt.Errorf("entry %d must be a text, number or boolean, not %s", i, describe(item))
		}
	}
	return nil
}
