// build.py adds the folders of captoken and golang-jwt to a copy of this file.
module compare

go 1.19

require (
	captoken v0.0.0
	github.com/golang-jwt/jwt/v4 v4.4.3
)
