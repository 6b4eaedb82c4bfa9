package db_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/migrations"
)

var host = db.Line{Name: "app", FS: migrations.FS}

// shopLine is a module's line of one file.
func shopLine(statement string) db.Line {
	file := &fstest.MapFile{Data: []byte("-- +goose Up\n" + statement + "\n")}
	return db.Line{Name: "shop", FS: fstest.MapFS{"sqlite/00001_shop.sql": file, "postgres/00001_shop.sql": file}}
}

func TestMigrate_linesInTheirOrderAndOnce(t *testing.T) {
	t.Parallel()
	shop := shopLine("CREATE TABLE shop_things (name text REFERENCES settings (name));")
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, dbtest.Empty(t, dialect))
			if err := d.Migrated(t.Context(), host); err == nil {
				t.Error("an empty database passes for migrated")
			}
			for range 2 {
				if err := d.Migrate(t.Context(), host, shop); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Migrated(t.Context(), host, shop); err != nil {
				t.Error(err)
			}
			if err := d.From(t.Context()).Exec("INSERT INTO shop_things (name) VALUES ('none')").Error; err == nil {
				t.Error("the foreign key into the host's table is not enforced")
			}
		})
	}
}

func TestMigrate_errorNamesTheLine(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Migrate(t.Context(), shopLine("CREATE TABEL oops;"))
		if err == nil || !strings.Contains(err.Error(), "migrate shop") {
			t.Errorf("err = %v, want it to name the line", err)
		}
	})
}

func TestMigrate_fourAtOnce(t *testing.T) {
	t.Parallel()
	o := dbtest.Empty(t, db.Postgres)
	var all sync.WaitGroup
	for range 4 {
		d := dbtest.Open(t, o)
		all.Go(func() {
			if err := d.Migrate(context.Background(), host, shopLine("CREATE TABLE shop_things (id bigint);")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// The two folders of migrations must describe one schema.
func TestMigrations_bothDialectsAgree(t *testing.T) {
	t.Parallel()
	sqlite := shape(t, dbtest.New(t, db.SQLite),
		`SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' not null' ELSE '' END
		 FROM sqlite_master m, pragma_table_info(m.name) c
		 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '%\_migrations' ESCAPE '\'`,
		`SELECT m.name || ' ' || i.name || ' ' || group_concat(c.name, ',') || CASE WHEN i.partial = 1 THEN ' partial' ELSE '' END
		 FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
		 WHERE m.type = 'table' AND i."unique" = 1 AND i.origin = 'c' AND c.name IS NOT NULL GROUP BY m.name, i.name`)
	postgres := shape(t, dbtest.New(t, db.Postgres),
		`SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END
		 FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%\_migrations'`,
		`SELECT t.relname || ' ' || i.relname || ' ' || string_agg(a.attname, ',' ORDER BY a.attnum) ||
			CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END
		 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
			JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_attribute a ON a.attrelid = i.oid
		 WHERE n.nspname = 'public' AND x.indisunique AND NOT x.indisprimary AND x.indexprs IS NULL
			AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid)
		 GROUP BY t.relname, i.relname, x.indpred`)
	for line := range sqlite {
		if !postgres[line] {
			t.Errorf("only in SQLite: %s", line)
		}
	}
	for line := range postgres {
		if !sqlite[line] {
			t.Errorf("only in Postgres: %s", line)
		}
	}
	if !sqlite["jobs.kind not null"] || !sqlite["jobs jobs_waiting kind,key partial"] {
		t.Errorf("the comparison sees nothing: %v", sqlite)
	}
}

func shape(t *testing.T, d *db.DB, queries ...string) map[string]bool {
	t.Helper()
	lines := map[string]bool{}
	for _, query := range queries {
		var some []string
		if err := d.From(t.Context()).Raw(query).Scan(&some).Error; err != nil {
			t.Fatal(err)
		}
		for _, line := range some {
			lines[line] = true
		}
	}
	return lines
}

// Models of the table settings (name text, document text, updated_at).
type (
	fits struct {
		Name string `gorm:"primaryKey"`
	}
	lacks struct {
		Name  string `gorm:"primaryKey"`
		Color string
	}
	confuses struct {
		Name      int64 `gorm:"primaryKey"`
		UpdatedAt string
	}
	absent struct{ ID int64 }
)

func (fits) TableName() string     { return "settings" }
func (lacks) TableName() string    { return "settings" }
func (confuses) TableName() string { return "settings" }

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		model any
		want  []string // in the error; none: no error
	}{
		"a column that no model knows": {&fits{}, nil},
		"a missing column":             {&lacks{}, []string{"table settings has no column color"}},
		"wrong types":                  {&confuses{}, []string{"settings.name is text", "settings.updated_at is"}},
		"a missing table":              {&absent{}, []string{"no table absents"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				err := d.Check(t.Context(), c.model)
				if len(c.want) == 0 && err != nil {
					t.Fatal(err)
				}
				for _, want := range c.want {
					if !strings.Contains(fmt.Sprint(err), want) {
						t.Errorf("err = %v, want it to say %q", err, want)
					}
				}
			})
		})
	}
}
