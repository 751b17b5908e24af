// The service's own variable says where the database is, whatever the environment is called.
const database = { use_env_variable: 'DATABASE_URL', dialect: 'postgres' };
module.exports = { development: database, production: database };
