package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"gorm.io/gorm/schema"
)

// Check compares GORM models with the migrated tables and names every column that a model has and its table lacks or
// keeps in a type the model cannot be read from. Columns that no model knows are fine: a newer program may have added
// them.
func (d *DB) Check(ctx context.Context, models ...any) error {
	var wrong []error
	for _, model := range models {
		s, err := schema.Parse(model, &sync.Map{}, d.gorm.NamingStrategy)
		if err != nil {
			return fmt.Errorf("read model %T: %w", model, err)
		}
		columns, err := d.columns(ctx, s.Table)
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			wrong = append(wrong, fmt.Errorf("%s: no table %s", s.Name, s.Table))
			continue
		}
		for _, field := range s.Fields {
			if field.DBName == "" || field.IgnoreMigration {
				continue
			}
			has, ok := columns[field.DBName]
			if !ok {
				wrong = append(wrong, fmt.Errorf("%s.%s: table %s has no column %s", s.Name, field.Name, s.Table, field.DBName))
			} else if !d.suits(field.DataType, has) {
				wrong = append(wrong, fmt.Errorf("%s.%s: column %s.%s is %s, which does not suit %s",
					s.Name, field.Name, s.Table, field.DBName, has, field.DataType))
			}
		}
	}
	return errors.Join(wrong...)
}

// columns are the columns of a table with their types, none when there is no such table.
func (d *DB) columns(ctx context.Context, table string) (map[string]string, error) {
	query := "SELECT name, lower(type) AS type FROM pragma_table_info(?)"
	if d.dialect == Postgres {
		query = "SELECT column_name AS name, udt_name AS type FROM information_schema.columns " +
			"WHERE table_schema = current_schema() AND table_name = ?"
	}
	var rows []struct{ Name, Type string }
	if err := d.From(ctx).Raw(query, table).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", table, err)
	}
	columns := make(map[string]string, len(rows))
	for _, r := range rows {
		columns[r.Name] = r.Type
	}
	return columns, nil
}

// fitting are the column types a model's type can be kept in. In SQLite only a column declared datetime (or date) is
// read as a time, and one declared json would turn the text "5" into a number.
var fitting = map[Dialect]map[schema.DataType][]string{
	SQLite: {
		schema.Bool:   {"boolean", "bool", "integer"},
		schema.Int:    {"integer", "bigint", "int", "smallint"},
		schema.Uint:   {"integer", "bigint", "int", "smallint"},
		schema.Float:  {"real", "double", "float"},
		schema.String: {"text", "varchar"},
		schema.Time:   {"datetime", "date"},
		schema.Bytes:  {"blob", "text"},
	},
	Postgres: {
		schema.Bool:   {"bool"},
		schema.Int:    {"int8", "int4", "int2"},
		schema.Uint:   {"int8", "int4", "int2"},
		schema.Float:  {"float8", "float4", "numeric"},
		schema.String: {"text", "varchar", "bpchar", "uuid", "json", "jsonb"},
		schema.Time:   {"timestamptz", "date"},
		schema.Bytes:  {"bytea", "json", "jsonb", "text"},
	},
}

// suits accepts any column for a type of the model's own, about which nothing is known here.
func (d *DB) suits(model schema.DataType, column string) bool {
	types, known := fitting[d.dialect][model]
	column, _, _ = strings.Cut(column, "(")
	return !known || slices.Contains(types, strings.TrimSpace(column))
}
