package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is the inner part of a batch's answer. Each member is [] when it is empty (REST.md, 3.4).
type answer struct {
	Result map[string]json.RawMessage
	Errors map[string]*Error
	Total  map[string]Number
	Next   map[string]Number
	Timing map[string]Timing
}

// refusal is how the portal says no, to a request or to a command.
type refusal struct {
	Code        Text
	Description Text
}

// UnmarshalJSON also accepts a sentence instead of an object.
func (r *refusal) UnmarshalJSON(data []byte) error {
	if text, err := scalar(data); err == nil {
		*r = refusal{Description: Text(text)}
		return nil
	}
	var object struct {
		Code        Text `json:"error"`
		Description Text `json:"error_description"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*r = refusal(object)
	return nil
}

func (r refusal) asError(method string, status int) *Error {
	return &Error{
		Method: method, Code: oneLine(string(r.Code)), Description: oneLine(string(r.Description)),
		Status: status,
	}
}

// decodeAnswer reads the body of an answer. An error of type *Error is the portal's refusal of the whole request;
// any other means that nobody can say what was done.
func decodeAnswer(status int, body []byte, b *Batch) (answer, Timing, error) {
	var envelope struct {
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
		Time   json.RawMessage `json:"time"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return answer{}, Timing{}, notJSON(body, err)
	}
	if status >= 400 || envelope.Error != nil && string(envelope.Error) != "null" {
		var refused refusal
		if err := json.Unmarshal(body, &refused); err != nil {
			return answer{}, Timing{}, fmt.Errorf("error of another shape: %w", err)
		}
		if envelope.Error == nil {
			return answer{}, Timing{}, errors.New("a status of failure and no error")
		}
		return answer{}, Timing{}, refused.asError(BatchMethod, status)
	}
	a, err := decodeCommands(envelope.Result, b)
	if err != nil {
		return answer{}, Timing{}, err
	}
	var timing Timing
	_ = json.Unmarshal(envelope.Time, &timing) // only informs: if it has another shape, the results are still good
	return a, timing, nil
}

func decodeCommands(data []byte, b *Batch) (answer, error) {
	var raw struct {
		Result json.RawMessage `json:"result"`
		Errors json.RawMessage `json:"result_error"`
		Total  json.RawMessage `json:"result_total"`
		Next   json.RawMessage `json:"result_next"`
		Timing json.RawMessage `json:"result_time"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return answer{}, fmt.Errorf("answer of another shape: %w", err)
	}
	if raw.Result == nil && raw.Errors == nil {
		return answer{}, errors.New("answer of another shape: neither results nor errors")
	}
	a := answer{Errors: make(map[string]*Error)}
	results, err := decodeMap[json.RawMessage](raw.Result)
	if err != nil {
		return answer{}, fmt.Errorf("results of another shape: %w", err)
	}
	refusals, err := decodeMap[refusal](raw.Errors)
	if err != nil {
		return answer{}, fmt.Errorf("errors of another shape: %w", err)
	}
	a.Result = results
	for name, refused := range refusals {
		method := name
		if i, ok := b.names[name]; ok {
			method = b.commands[i].Method
		}
		a.Errors[name] = refused.asError(method, http.StatusOK)
	}
	// The rest only informs: if it has another shape, the results are still good.
	a.Total, _ = decodeMap[Number](raw.Total)
	a.Next, _ = decodeMap[Number](raw.Next)
	a.Timing, _ = decodeMap[Timing](raw.Timing)
	return a, nil
}

func decodeMap[T any](data []byte) (Map[T], error) {
	m := Map[T]{}
	if data == nil {
		return m, nil
	}
	err := m.UnmarshalJSON(data)
	return m, err
}

// notJSON describes a body that is no JSON without quoting it at length: a proxy's page, or the half of an answer.
func notJSON(body []byte, err error) error {
	start := bytes.TrimSpace(body)
	switch {
	case len(start) == 0:
		return errors.New("an empty answer")
	case start[0] == '<':
		return errors.New("a page instead of an answer")
	}
	return fmt.Errorf("an unreadable answer: %w", err)
}

// retryAfter reads the Retry-After header, in seconds or as a date, and returns at most a day for the former. The
// portal documents no such header, but a proxy may add it.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(0, min(time.Duration(seconds), 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
