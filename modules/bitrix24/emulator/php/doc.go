// Package php imitates the parts of PHP that show in the answers of a program written in it: ordered arrays, the casts
// between types, JSON, and the decoding of queries and forms. The emulator of a Bitrix24 portal needs them because the
// shapes of the portal's answers follow from them: an empty map is [], a list is an array whose keys run 0, 1, 2, and
// a text like "12abc" is the number 12.
//
// It knows nothing of Bitrix24 and imports the standard library only. A value is nil, a bool, an int64, a float64, a
// string or an *Array, and in answers also an EmptyObject.
//
// Begin reading with array.go. value.go holds the casts, query.go and json.go the encodings.
package php
